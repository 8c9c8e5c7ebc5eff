"""`/csrf` and `/csrf-check` of the probe: the tokens of the real Flask-WTF."""

from flask import Blueprint
from flask_wtf.csrf import CSRFProtect, generate_csrf

routes = Blueprint("tokens", __name__)
protection = CSRFProtect()


def install(app):
    # Only `/csrf-check` asks for a token.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    protection.init_app(app)
    app.register_blueprint(routes)


@routes.get("/csrf")
def csrf():
    return generate_csrf()


@routes.post("/csrf-check")
def csrf_check():
    protection.protect()
    return "ok"
