"""The pages of devices of the probe with users, by the companion's lists."""

from dataclasses import asdict

from flask import Blueprint, abort, jsonify, request
from flask_session_swap import sessions_of, user_sessions

routes = Blueprint("devices", __name__)


@routes.get("/devices")
def devices():
    return jsonify([asdict(session) for session in user_sessions().list()])


@routes.post("/devices")
def end():
    wanted, mine = request.get_json(force=True), user_sessions()
    if "end" in wanted:
        if not mine.end(wanted["end"]):
            abort(404)
    elif wanted.get("end_others"):
        mine.end_others()
    elif wanted.get("end_all"):
        mine.end_all()
    return "ended"


@routes.post("/admin-end")
def admin_end():
    sessions_of(request.get_json(force=True)["user"]).end_all()
    return "ended"
