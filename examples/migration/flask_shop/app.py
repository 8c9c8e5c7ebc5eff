"""A small shop on Flask. Two of its routes have moved to Rocket, the cart and the account.

It keeps them all the same: which side answers is said in nginx.conf, so that a route moves, and moves
back, by one line there.
"""

import os
from datetime import datetime, timedelta, timezone

from flask import Flask, abort, flash, get_flashed_messages, redirect, render_template, request, session
from flask_session import Session
from redis import Redis

ARTICLES = ["Oolong", "Rooibos", "Sencha"]
PAGES = ["/", "/cart", "/account"]

app = Flask(__name__, template_folder="../templates")
app.config.update(
    SECRET_KEY="migration example, for development only",
    SESSION_TYPE="redis",
    SESSION_REDIS="redis://127.0.0.1:6379",
    SESSION_PERMANENT=False,
    # Without it, a browser sends the cookie with what another site posts here.
    SESSION_COOKIE_SAMESITE="Lax",
    PERMANENT_SESSION_LIFETIME=timedelta(hours=2),
    # Otherwise every request rewrites the whole record, with what it read before Rocket changed it.
    SESSION_REFRESH_EACH_REQUEST=False,
)
# FLASK_SECRET_KEY, FLASK_SESSION_TYPE and so on win, as ROCKET_SECRET_KEY and ROCKET_SESSION_TYPE do there.
app.config.from_prefixed_env()

# `cookie` is Flask's own signed cookie, for which Flask-Session is not needed.
if app.config["SESSION_TYPE"] != "cookie":
    app.config["SESSION_REDIS"] = Redis.from_url(app.config["SESSION_REDIS"])
    Session(app)


def renew_id():
    """An id from before a login or a log-out is worth nothing after it. Signed cookies have none."""
    if hasattr(app.session_interface, "regenerate"):
        app.session_interface.regenerate(session)


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
        session.clear()
    session["username"] = name
    session["since"] = datetime.now(timezone.utc)
    session.permanent = "remember" in request.form
    renew_id()
    flash(f"Welcome, {name}.")
    # Only to pages of our own: `next` is whatever the link said.
    return redirect(target if target in PAGES else "/", 303)


@app.post("/account/logout")
@app.post("/logout")
def log_out():
    session.clear()
    flash("You are logged out.")
    renew_id()
    return redirect("/", 303)


@app.get("/cart")
def cart():
    return render_template("cart.html", cart=sorted(session.get("cart", {}).items()))


@app.post("/cart")
def add_to_cart():
    article = ordered_article()
    cart = session.setdefault("cart", {})
    cart[article] = cart.get(article, 0) + 1
    # Flask does not notice a change inside a value.
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


if __name__ == "__main__":
    app.run(port=int(os.environ.get("FLASK_RUN_PORT", 5000)))
