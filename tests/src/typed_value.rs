//! The typed values of the probe's protocol: JSON in which every Python type has a form of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rocket_session_state::value::{DateTime, Value};
use serde_json::{Value as Json, json};

/// The value that typed JSON stands for; `None` where it stands for none that a session can hold.
pub fn from_json(typed: &Json) -> Option<Value> {
    Some(match typed {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Int(number.as_i64()?.into()),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(list(items)?),
        Json::Object(object) => {
            let (form, content) = object.iter().next().filter(|_| object.len() == 1)?;
            form_of(form, content)?
        }
    })
}

fn form_of(form: &str, content: &Json) -> Option<Value> {
    Some(match form {
        "$dict" => {
            let pairs = content.as_array()?.iter().map(|pair| match pair.as_array()?.as_slice() {
                [key, value] => Some((from_json(key)?, from_json(value)?)),
                _ => None,
            });
            Value::Map(pairs.collect::<Option<_>>()?)
        }
        "$tuple" => Value::Tuple(list(content.as_array()?)?),
        "$set" => Value::List(list(content.as_array()?)?),
        "$int" => match content.as_str()?.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::BigInt(content.as_str()?.to_owned()),
        },
        "$float" => Value::Float(content.as_str()?.parse().ok()?),
        "$bytes" => Value::Bytes(STANDARD.decode(content.as_str()?).ok()?),
        "$datetime" => Value::DateTime(content.as_str()?.replace("+00:00", "Z").parse().ok()?),
        "$uuid" => Value::Uuid(content.as_str()?.parse().ok()?),
        "$markup" => Value::Markup(content.as_str()?.to_owned()),
        "$decimal" => Value::Str(content.as_str()?.to_owned()),
        "$ext" => match content.as_array()?.as_slice() {
            [code, data] => Value::Ext {
                code: i8::try_from(code.as_i64()?).ok()?,
                data: STANDARD.decode(data.as_str()?).ok()?,
            },
            _ => return None,
        },
        _ => return None,
    })
}

fn list(items: &[Json]) -> Option<Vec<Value>> {
    items.iter().map(from_json).collect()
}

/// A value as typed JSON.
pub fn to_json(value: &Value) -> Json {
    let list = |items: &[Value]| items.iter().map(to_json).collect::<Json>();
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(number) => match i64::try_from(*number) {
            Ok(small) if small.unsigned_abs() < 1 << 53 => json!(small),
            _ => json!({ "$int": number.to_string() }),
        },
        Value::BigInt(digits) => json!({ "$int": digits }),
        Value::Float(number) => json!({ "$float": python_float(*number) }),
        Value::Str(text) => json!(text),
        Value::Bytes(bytes) => json!({ "$bytes": STANDARD.encode(bytes) }),
        Value::List(items) => list(items),
        Value::Tuple(items) => json!({ "$tuple": list(items) }),
        Value::Map(pairs) => {
            json!({ "$dict": pairs.iter().map(|(key, value)| json!([to_json(key), to_json(value)])).collect::<Json>() })
        }
        Value::DateTime(time) => json!({ "$datetime": python_iso(*time) }),
        Value::Uuid(uuid) => json!({ "$uuid": uuid.to_string() }),
        Value::Markup(text) => json!({ "$markup": text }),
        Value::Ext { code, data } => json!({ "$ext": [code, STANDARD.encode(data)] }),
    }
}

/// `repr` of a float: the shortest digits, in exponents with a sign and at least two digits.
fn python_float(number: f64) -> String {
    if !number.is_finite() {
        return number.to_string().to_lowercase();
    }
    let size = number.abs();
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    match exponent.strip_prefix('-') {
        Some(digits) => format!("{mantissa}e-{digits:0>2}"),
        None => format!("{mantissa}e+{exponent:0>2}"),
    }
}

/// `isoformat()`: an offset is always written out, a fraction has six digits.
fn python_iso(time: DateTime) -> String {
    let text = time.to_string();
    let text = text.strip_suffix('Z').map_or(text.clone(), |text| format!("{text}+00:00"));
    match text.split_once('.') {
        None => text,
        Some((head, rest)) => {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (fraction, offset) = rest.split_at(digits);
            format!("{head}.{:0<6.6}{offset}", fraction)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for typed in [
            json!([null, true, "游客", 9_007_199_254_740_991_i64, -3]),
            json!({ "$int": "9007199254740992" }),
            json!({ "$int": "123456789012345678901234567890123456789012345678901234567890" }),
            json!({ "$float": "1.0" }),
            json!({ "$float": "-0.0" }),
            json!({ "$float": "1e+16" }),
            json!({ "$float": "1e-05" }),
            json!({ "$float": "1.7976931348623157e+308" }),
            json!({ "$float": "nan" }),
            json!({ "$float": "-inf" }),
            json!({ "$dict": [["a", { "$tuple": [1, { "$bytes": "/wA=" }] }], [1, null]] }),
            json!({ "$datetime": "2024-01-02T03:04:05+00:00" }),
            json!({ "$datetime": "2024-01-02T03:04:05.678900+08:00" }),
            json!({ "$datetime": "2024-01-02T03:04:05" }),
            json!({ "$uuid": "12345678-1234-5678-1234-567812345678" }),
            json!({ "$markup": "<b>" }),
            json!({ "$ext": [5, "AQI="] }),
        ] {
            assert_eq!(to_json(&from_json(&typed).unwrap()), typed);
        }
    }

    #[test]
    fn what_is_no_typed_value_is_refused() {
        for typed in
            [json!({}), json!({ "$new": 1 }), json!({ "$dict": [[1]] }), json!(1.5), json!({ "$uuid": "x" })]
        {
            assert_eq!(from_json(&typed), None, "{typed}");
        }
    }
}
