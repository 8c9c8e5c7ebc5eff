"""A Flask application whose visitors log in with Flask-Login; configured as `probe.py` is."""

from flask import jsonify, request, session
from flask_login import LoginManager, UserMixin, current_user, login_fresh, login_required, login_user, logout_user

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
    login_user(User(name), remember="remember" in request.args)
    return "welcome"


@app.get("/log-out")
def log_out():
    logout_user()
    return "goodbye"


@app.get("/who")
def who():
    return jsonify([current_user.get_id(), login_fresh()])


@app.get("/members")
@login_required
def members():
    return current_user.get_id()


serve(app)
