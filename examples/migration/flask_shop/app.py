"""A small shop on Flask. Two of its routes have moved to Rocket, the cart and the account.

It keeps them all the same: which side answers is said in nginx.conf, so that a route moves, and moves
back, by one line there. The sessions of both sides follow the same rules: flask_session_swap takes the
place of Flask-Session.
"""

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from flask import Flask, abort, flash, get_flashed_messages, redirect, render_template, request, session
from flask_session_swap import Session
from redis import Redis

ARTICLES = ["Oolong", "Rooibos", "Sencha"]
PAGES = ["/", "/cart", "/account"]


def merge_carts(base, mine, theirs):
    """Two requests changed the cart at once: each article gets what both added or removed. src/cart.rs has the same."""
    base, mine, theirs = base or {}, mine or {}, theirs or {}
    cart = {
        article: theirs.get(article, 0) + mine.get(article, 0) - base.get(article, 0)
        for article in (*theirs, *base, *mine)
    }
    return {article: quantity for article, quantity in cart.items() if quantity > 0}


app = Flask(__name__, template_folder="../templates")
app.config.update(
    SECRET_KEY="migration example, for development only",
    SESSION_TYPE="redis",
    SESSION_REDIS="redis://127.0.0.1:6379",
    SESSION_PERMANENT=False,
    # Without it, a browser sends the cookie with what another site posts here.
    SESSION_COOKIE_SAMESITE="Lax",
    PERMANENT_SESSION_LIFETIME=timedelta(hours=2),
    # What #[session_state] says in src/visit.rs. The cart is merged by a function, which each side has in its own language.
    SESSION_LAYOUT=Path(__file__).parent.parent / "session-layout.json",
    SESSION_MERGE={"cart": merge_carts},
)
# FLASK_SECRET_KEY, FLASK_SESSION_TYPE and so on win, as ROCKET_SECRET_KEY and ROCKET_SESSION_TYPE do there.
app.config.from_prefixed_env()

# `cookie` is Flask's own signed cookie, which has no store, so that nobody can compare and swap.
if app.config["SESSION_TYPE"] != "cookie":
    app.config["SESSION_REDIS"] = Redis.from_url(app.config["SESSION_REDIS"])
    Session(app)


def ordered_article():
    article = request.form.get("article")
    return article if article in ARTICLES else abort(422)


@app.context_processor
def messages():
    return {"flashes": get_flashed_messages(with_categories=True)}


@app.get("/")
def index():
    return render_template("index.html", articles=ARTICLES, session=session)


@app.get("/login")
def login():
    return render_template("login.html", next=request.args.get("next", "/"))


@app.post("/login")
def log_in():
    """A real shop checks a password here."""
    name = request.form.get("username", "").strip()
    target = request.form.get("next")
    if not 1 <= len(name) <= 40:
        flash("Enter a name of 1 to 40 characters.", "error")
        return redirect("/login", 303)
    if session.get("username", name) != name:
        # Of a session in a store nothing goes on to another user anyway.
        session.clear()
    session["username"] = name
    session["since"] = datetime.now(timezone.utc)
    session.permanent = "remember" in request.form
    flash(f"Welcome, {name}.")
    # Only to pages of our own: `next` is whatever the link said.
    return redirect(target if target in PAGES else "/", 303)


@app.post("/account/logout")
@app.post("/logout")
def log_out():
    session.clear()
    flash("You are logged out.")
    return redirect("/", 303)


@app.get("/cart")
def cart():
    return render_template("cart.html", cart=sorted(session.get("cart", {}).items()))


@app.post("/cart")
def add_to_cart():
    article = ordered_article()
    cart = session.setdefault("cart", {})
    cart[article] = cart.get(article, 0) + 1
    # A signed cookie needs it: in a store, a change inside a value is noticed.
    session.modified = True
    flash(f"{article} is in your cart.")
    return redirect("/", 303)


@app.post("/cart/remove")
def remove_from_cart():
    session.get("cart", {}).pop(ordered_article(), None)
    session.modified = True
    return redirect("/cart", 303)


@app.get("/account")
def account():
    if "username" not in session:
        return redirect("/login?next=/account", 303)
    return render_template("account.html", username=session["username"])


@app.get("/state")
def state():
    """What this side makes of the session. Rocket's side answers the same."""
    return {"username": session.get("username"), "cart": session.get("cart", {})}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("FLASK_RUN_PORT", 5000)))
