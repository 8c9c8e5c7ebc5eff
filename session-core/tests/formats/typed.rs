//! The typed values of the vector files, and the other way round for comparing and showing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket_session_state_core::value::Value;
use serde_json::{Value as Json, json};

/// The value that a vector's typed JSON stands for, or what it holds that a [`Value`] has no kind for.
pub(crate) fn from_typed(typed: &Json) -> Result<Value, &'static str> {
    Ok(match typed {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Int(number.as_i64().unwrap().into()),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(from_list(items)?),
        Json::Object(object) => {
            let (form, content) = object.iter().next().unwrap();
            let text = || content.as_str().unwrap();
            match form.as_str() {
                "$dict" => Value::Map(
                    from_list(content.as_array().unwrap())?
                        .into_iter()
                        .map(|pair| match pair {
                            Value::List(pair) => <[Value; 2]>::try_from(pair).map(|[k, v]| (k, v)).unwrap(),
                            _ => unreachable!("$dict holds pairs"),
                        })
                        .collect(),
                ),
                "$tuple" => Value::Tuple(from_list(content.as_array().unwrap())?),
                "$set" => Value::List(from_list(content.as_array().unwrap())?),
                "$int" => match text().parse() {
                    Ok(number) => Value::Int(number),
                    Err(_) => Value::BigInt(text().to_owned()),
                },
                "$float" => Value::Float(text().parse().unwrap()),
                "$bytes" => Value::Bytes(STANDARD.decode(text()).unwrap()),
                "$datetime" => Value::DateTime(text().parse().unwrap()),
                "$uuid" => Value::Uuid(text().parse().unwrap()),
                "$markup" => Value::Markup(text().to_owned()),
                "$decimal" => Value::Str(text().to_owned()),
                "$ext" => {
                    let code = i8::try_from(content[0].as_i64().unwrap()).unwrap();
                    Value::Ext { code, data: STANDARD.decode(content[1].as_str().unwrap()).unwrap() }
                }
                "$date" | "$time" | "$timedelta" => return Err("a date, time or duration without the rest"),
                other => unreachable!("unknown form {other}"),
            }
        }
    })
}

fn from_list(items: &[Json]) -> Result<Vec<Value>, &'static str> {
    items.iter().map(from_typed).collect()
}

/// A value in a form that can be compared (NaN equals NaN, 1 is not 1.0) and read in a failed test.
pub(crate) fn to_typed(value: &Value) -> Json {
    let list = |items: &[Value]| Json::Array(items.iter().map(to_typed).collect());
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(number) => json!({ "$int": number.to_string() }),
        Value::BigInt(digits) => json!({ "$bigint": digits }),
        Value::Float(number) => json!({ "$float": format!("{number:?}") }),
        Value::Str(text) => json!(text),
        Value::Bytes(bytes) => json!({ "$bytes": STANDARD.encode(bytes) }),
        Value::List(items) => list(items),
        Value::Tuple(items) => json!({ "$tuple": list(items) }),
        Value::Map(pairs) => {
            let pairs: Vec<_> = pairs.iter().map(|(k, v)| json!([to_typed(k), to_typed(v)])).collect();
            json!({ "$dict": pairs })
        }
        Value::DateTime(time) => json!({ "$datetime": time.to_string() }),
        Value::Uuid(uuid) => json!({ "$uuid": uuid.to_string() }),
        Value::Markup(text) => json!({ "$markup": text }),
        Value::Ext { code, data } => json!({ "$ext": [code, STANDARD.encode(data)] }),
    }
}
