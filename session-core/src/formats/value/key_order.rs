//! The order and identity of map keys.

use std::cmp::Ordering;

use super::Value;

/// A total order of values, for sorting keys and finding equal ones.
///
/// Values of different types are different and ordered by type (Python also takes `1`, `1.0` and
/// `True` for one key). Text is ordered by code point, which is the order of its UTF-8.
pub(crate) fn key_order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Int(_), Value::BigInt(b)) => {
            if b.starts_with('-') {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (Value::BigInt(_), Value::Int(_)) => key_order(b, a).reverse(),
        (Value::BigInt(a), Value::BigInt(b)) => digits_order(a, b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Str(a), Value::Str(b)) | (Value::Markup(a), Value::Markup(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.order_key().cmp(&b.order_key()),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            sequence_order(a.iter(), b.iter())
        }
        (Value::Map(a), Value::Map(b)) => sequence_order(
            a.iter().flat_map(|(key, value)| [key, value]),
            b.iter().flat_map(|(key, value)| [key, value]),
        ),
        (Value::Ext { code: a, data: x }, Value::Ext { code: b, data: y }) => (a, x).cmp(&(b, y)),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::None => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::BigInt(_) => 2,
        Value::Float(_) => 3,
        Value::Str(_) => 4,
        Value::Bytes(_) => 5,
        Value::List(_) => 6,
        Value::Tuple(_) => 7,
        Value::Map(_) => 8,
        Value::DateTime(_) => 9,
        Value::Uuid(_) => 10,
        Value::Markup(_) => 11,
        Value::Ext { .. } => 12,
    }
}

fn digits_order(a: &str, b: &str) -> Ordering {
    match (a.strip_prefix('-'), b.strip_prefix('-')) {
        (Some(a), Some(b)) => (b.len(), b).cmp(&(a.len(), a)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => (a.len(), a).cmp(&(b.len(), b)),
    }
}

fn sequence_order<'a>(
    mut a: impl Iterator<Item = &'a Value>,
    mut b: impl Iterator<Item = &'a Value>,
) -> Ordering {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match key_order(x, y) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

/// Up to this size comparing each with each is cheaper than sorting.
const FEW: usize = 32;

/// Python's rule for a key that occurs twice: the last value, at the place of the first.
pub(crate) fn last_value_wins<T>(items: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering) {
    if items.len() <= FEW {
        let mut rest = items.as_slice();
        let mut unique = true;
        while let Some((first, others)) = rest.split_first() {
            unique &= others.iter().all(|other| order(first, other) != Ordering::Equal);
            rest = others;
        }
        if unique {
            return;
        }
    }
    let mut sorted: Vec<(usize, &T)> = items.iter().enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| order(a, b)); // stable: equal keys stay in their order
    let mut keep = vec![true; items.len()];
    let mut moves = Vec::new();
    for run in sorted.chunk_by(|(_, a), (_, b)| order(a, b) == Ordering::Equal) {
        let [(first, _), dropped @ ..] = run else { continue };
        for (position, _) in dropped {
            if let Some(kept) = keep.get_mut(*position) {
                *kept = false;
            }
        }
        if let Some((last, _)) = dropped.last() {
            moves.push((*first, *last));
        }
    }
    for (first, last) in moves {
        items.swap(first, last);
    }
    let mut keep = keep.into_iter();
    items.retain(|_| keep.next().unwrap_or(true));
}
