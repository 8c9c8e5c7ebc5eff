//! `POST /ops`: the untyped session, operation by operation.

use std::time::Duration;

use rocket::data::{Data, ToByteUnit as _};
use rocket::http::{ContentType, Method, Status};
use rocket::response::Response;
use rocket::route::{Handler, Outcome, Route};
use rocket::{Request, async_trait};
use rocket_session_state::Session;
use rocket_session_state::value::Value;
use serde_json::Value as Json;
use session_tests::typed_value::{from_json, to_json};

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::new(Method::Post, "/ops", Ops)]
}

/// A handler of its own, since it asks for the session only if an operation needs it.
#[derive(Clone)]
struct Ops;

/// The result of a list of operations.
#[derive(Default)]
struct Answer {
    results: Vec<Json>,
    vary: Vec<String>,
}

#[async_trait]
impl Handler for Ops {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let body = match data.open(16.mebibytes()).into_bytes().await {
            Ok(body) if body.is_complete() => body.into_inner(),
            _ => return Outcome::Error(Status::PayloadTooLarge),
        };
        let Some(ops) = parse(&body) else { return Outcome::Error(Status::BadRequest) };
        let mut answer = Answer::default();
        for op in &ops {
            if let Err(status) = perform(request, op, &mut answer).await {
                return Outcome::Error(status);
            }
        }
        let mut response = Response::build();
        response.header(ContentType::JSON);
        for token in answer.vary {
            response.raw_header_adjoin("Vary", token);
        }
        let body = serde_json::json!({ "results": answer.results }).to_string();
        Outcome::Success(response.sized_body(body.len(), std::io::Cursor::new(body)).finalize())
    }
}

struct Op {
    name: String,
    arguments: Vec<Value>,
}

fn parse(body: &[u8]) -> Option<Vec<Op>> {
    let body: Json = serde_json::from_slice(body).ok()?;
    let ops = body.get("ops")?.as_array()?;
    ops.iter()
        .map(|op| {
            let (name, arguments) = op.as_array()?.split_first()?;
            let arguments = arguments.iter().map(from_json);
            Some(Op { name: name.as_str()?.to_owned(), arguments: arguments.collect::<Option<_>>()? })
        })
        .collect()
}

/// Performs one operation; an `Err` ends the handler with that status.
async fn perform(request: &Request<'_>, op: &Op, answer: &mut Answer) -> Result<(), Status> {
    match op.name.as_str() {
        "raise" => return Err(Status::InternalServerError),
        "abort404" => return Err(Status::NotFound),
        "vary" => {
            answer.vary.push(op.text(0)?);
            return Ok(());
        }
        "sleep" => {
            let millis = op.value(0)?.clone();
            let Value::Int(millis) = millis else { return Err(Status::BadRequest) };
            let millis = u64::try_from(millis).map_err(|_| Status::BadRequest)?;
            rocket::tokio::time::sleep(Duration::from_millis(millis)).await;
            return Ok(());
        }
        _ => {}
    }
    let session = match request.guard::<Session>().await {
        rocket::outcome::Outcome::Success(session) => session,
        rocket::outcome::Outcome::Error((status, _)) | rocket::outcome::Outcome::Forward(status) => {
            return Err(status);
        }
    };
    let result = match op.name.as_str() {
        "save" => Some(match session.save().await {
            Ok(()) => Json::Bool(true),
            Err(error) => Json::String(error.to_string()),
        }),
        _ => on_session(&session, op)?,
    };
    answer.results.extend(result);
    Ok(())
}

/// An operation on the session; reading ones have a result.
fn on_session(session: &Session, op: &Op) -> Result<Option<Json>, Status> {
    let failed = |_| Status::InternalServerError;
    let result = match op.name.as_str() {
        "get" => {
            let value = session.get::<Value>(&op.text(0)?).map_err(failed)?;
            to_json(&value.or_else(|| op.arguments.get(1).cloned()).unwrap_or(Value::None))
        }
        "getitem" => {
            let value = session.get::<Value>(&op.text(0)?).map_err(failed)?;
            to_json(&value.ok_or(Status::InternalServerError)?)
        }
        "pop" => {
            let value = session.pop::<Value>(&op.text(0)?).map_err(failed)?;
            let value = value.or_else(|| op.arguments.get(1).cloned());
            to_json(&value.ok_or(Status::InternalServerError)?)
        }
        "setdefault" => {
            let value = session.set_default(&op.text(0)?, op.value(1)?.clone()).map_err(failed)?;
            to_json(&value)
        }
        "contains" => Json::Bool(session.contains(&op.text(0)?)),
        "len" => Json::from(session.len()),
        "bool" => Json::Bool(!session.is_empty()),
        "get_permanent" => Json::Bool(session.permanent()),
        "get_lifetime" => seconds(session.lifetime()),
        "get_login_age" => seconds(session.login_age()),
        "get_modified" => Json::Bool(session.is_modified()),
        "get_flashes" => {
            let flashes = session.take_flashes();
            flashes.into_iter().map(|flash| Json::from(vec![flash.category, flash.message])).collect()
        }
        "dump" => {
            let entries = session
                .iter()
                .map(|(key, value)| Ok((Value::Str(key), value.map_err(failed)?)))
                .collect::<Result<_, Status>>()?;
            to_json(&Value::Map(entries))
        }
        "id" => session.id().map_or(Json::Null, |id| Json::from(id.as_str())),
        _ => {
            write_only(session, op)?;
            return Ok(None);
        }
    };
    Ok(Some(result))
}

fn seconds(duration: Option<Duration>) -> Json {
    duration.map_or(Json::Null, |duration| Json::from(duration.as_secs()))
}

/// An operation without a result.
fn write_only(session: &Session, op: &Op) -> Result<(), Status> {
    match op.name.as_str() {
        "set" => session.set(&op.text(0)?, op.value(1)?),
        "del" => {
            if !session.remove(&op.text(0)?) {
                return Err(Status::InternalServerError);
            }
        }
        "update" => {
            let Value::Map(entries) = op.value(0)? else { return Err(Status::BadRequest) };
            for (key, value) in entries {
                let Value::Str(key) = key else { return Err(Status::BadRequest) };
                session.set(key, value);
            }
            session.set_modified(true);
        }
        "clear" => session.clear(),
        "set_permanent" => session.set_permanent(op.flag(0)?),
        "set_modified" => session.set_modified(op.flag(0)?),
        "set_lifetime" => {
            let Value::Int(seconds) = op.value(0)? else { return Err(Status::BadRequest) };
            let lifetime = Duration::from_secs(u64::try_from(*seconds).map_err(|_| Status::BadRequest)?);
            session.set_lifetime(lifetime).map_err(|_| Status::BadRequest)?;
        }
        "clear_lifetime" => session.clear_lifetime(),
        "append" => change(session, op, |stored| match stored {
            Value::List(list) => {
                list.push(op.arguments.get(1)?.clone());
                Some(())
            }
            _ => None,
        })?,
        "set_in" => change(session, op, |stored| match stored {
            Value::Map(map) => {
                let (key, value) = (op.arguments.get(1)?, op.arguments.get(2)?.clone());
                match map.iter_mut().find(|(known, _)| known == key) {
                    Some((_, known)) => *known = value,
                    None => map.push((key.clone(), value)),
                }
                Some(())
            }
            _ => None,
        })?,
        "flash" => {
            let category = op.text(1).unwrap_or_else(|_| "message".to_owned());
            session.flash(op.text(0)?, category);
        }
        "regenerate" => session.regenerate(),
        "destroy" => session.destroy(),
        _ => return Err(Status::BadRequest),
    }
    Ok(())
}

/// Changes a stored value in place; missing or of another kind is Python's exception.
fn change(session: &Session, op: &Op, change: impl FnOnce(&mut Value) -> Option<()>) -> Result<(), Status> {
    let changed = session.update::<Value, _>(&op.text(0)?, |stored| change(stored.as_mut()?));
    changed.ok().flatten().ok_or(Status::InternalServerError)
}

impl Op {
    fn value(&self, position: usize) -> Result<&Value, Status> {
        self.arguments.get(position).ok_or(Status::BadRequest)
    }

    fn text(&self, position: usize) -> Result<String, Status> {
        match self.value(position)? {
            Value::Str(text) => Ok(text.clone()),
            _ => Err(Status::BadRequest),
        }
    }

    fn flag(&self, position: usize) -> Result<bool, Status> {
        match self.value(position)? {
            Value::Bool(flag) => Ok(*flag),
            _ => Err(Status::BadRequest),
        }
    }
}
