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
        (Value::Int(_), Value::BigInt(b)) if b.starts_with('-') => Ordering::Greater,
        (Value::Int(_), Value::BigInt(_)) => Ordering::Less,
        (Value::BigInt(_), Value::Int(_)) => key_order(b, a).reverse(),
        (Value::BigInt(a), Value::BigInt(b)) => digits_order(a, b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Str(a), Value::Str(b)) | (Value::Markup(a), Value::Markup(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.order_key().cmp(&b.order_key()),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            sequence_order(a, b, key_order)
        }
        (Value::Map(a), Value::Map(b)) => {
            sequence_order(a, b, |(a, x), (b, y)| key_order(a, b).then_with(|| key_order(x, y)))
        }
        (Value::Ext { code: a, data: x }, Value::Ext { code: b, data: y }) => (a, x).cmp(&(b, y)),
        _ => a.kind().cmp(b.kind()),
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

fn sequence_order<T>(a: &[T], b: &[T], order: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let unequal = a.iter().zip(b).map(|(a, b)| order(a, b)).find(|order| order.is_ne());
    unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
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
