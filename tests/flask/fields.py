"""The typed fields of the probe and its routes for load, as a Flask application would write them."""

import time

from flask import Blueprint, abort, jsonify, redirect, request, session

routes = Blueprint("fields", __name__)

# Long enough that requests which overlap do overlap between reading and writing.
PAUSE = 0.02


def cart_of(count):
    return [
        {"sku": f"SKU-{i:06}", "name": f"Item {i}", "quantity": i % 9 + 1, "price_cents": 1000 + i}
        for i in range(count)
    ]


def read_fields():
    return {
        "username": session.get("username"),
        "counter": session.get("counter", 0),
        "tags": list(session.get("tags", [])),
        "high": session.get("high", 0),
        "strict": session.get("strict"),
        "a": session.get("a"),
        "b": session.get("b"),
        "cart": len(session.get("cart", [])),
    }


@routes.get("/typed")
def typed():
    return jsonify(read_fields())


@routes.post("/typed")
def change_typed():
    wanted = request.get_json(force=True)
    seen = read_fields()
    time.sleep(wanted.get("sleep_ms", 0) / 1000)
    if "login" in wanted:
        session["username"] = wanted["login"]
    if wanted.get("logout"):
        session.pop("username", None)
    if "add_counter" in wanted:
        session["counter"] = seen["counter"] + wanted["add_counter"]
    if "tag" in wanted:
        session["tags"] = [*seen["tags"], wanted["tag"]]
    if "high" in wanted:
        session["high"] = max(seen["high"], wanted["high"])
    for key in ("strict", "a", "b"):
        if key in wanted:
            session[key] = wanted[key]
    if "items" in wanted:
        session["cart"] = cart_of(wanted["items"])
    return jsonify(read_fields())


@routes.get("/sign-in")
def sign_in():
    return "sign in"


@routes.get("/member")
def member():
    if "username" in session:
        return session["username"]
    if "text/html" in request.headers.get("Accept", ""):
        return redirect("/sign-in?next=/member", 303)
    abort(401)


@routes.get("/login")
def login():
    session["username"] = request.args["name"]
    session["cart"] = cart_of(request.args.get("items", 0, int))
    return session["username"]


@routes.get("/untouched")
@routes.get("/anon")
def untouched():
    return "ok"


@routes.get("/read")
def read():
    return session.get("username") or ""


@routes.get("/count", defaults={"pause": 0})
@routes.get("/count_slow", defaults={"pause": PAUSE})
def count(pause):
    counter = session.get("counter", 0)
    time.sleep(pause)
    session["counter"] = counter + 1
    return str(counter + 1)


@routes.get("/state")
def state():
    fields = read_fields()
    return jsonify({key: fields[key] for key in ("counter", "a", "b")})


@routes.get("/set_a", defaults={"key": "a"})
@routes.get("/set_b", defaults={"key": "b"})
def set_one(key):
    session.get(key)
    time.sleep(PAUSE)
    session[key] = request.args["v"]
    return session[key]
