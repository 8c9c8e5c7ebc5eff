"""A Flask application whose visitors log in with Flask-Login; configured as `probe.py` is."""

from datetime import timedelta

from flask import jsonify, request, session
from flask_login import (
    LoginManager,
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_fresh,
    login_required,
    login_user,
    logout_user,
)

from probe import make_app, serve


class User(UserMixin):
    def __init__(self, name):
        self.id = name


app = make_app()
# Whatever id a session holds, there is such a user.
LoginManager(app).user_loader(User)


@app.get("/log-in/<name>")
def log_in(name):
    if "password" in request.args:
        session.pop("_stamp", None)
    duration = request.args.get("seconds", type=float)
    login_user(
        User(name),
        remember="remember" in request.args,
        duration=None if duration is None else timedelta(seconds=duration),
    )
    return "welcome"


@app.get("/log-out")
def log_out():
    logout_user()
    return "goodbye"


@app.get("/who")
def who():
    return jsonify([current_user.get_id(), login_fresh()])


@app.get("/confirm")
def confirm():
    confirm_login()
    return "confirmed"


@app.get("/fresh")
@fresh_login_required
def fresh():
    return current_user.get_id()


@app.get("/members")
@login_required
def members():
    return current_user.get_id()


serve(app)
