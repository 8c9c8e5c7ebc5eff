use serde::{Deserialize, Serialize};

use super::{Layout, StateLayout, layout_of};
use crate::session::fields::Field;
use crate::session::merge::{Policy, add, union};

macro_rules! fields {
    ($($marker:ident: $type:ty = $key:literal $({ $($more:tt)* })?;)*) => {$(
        struct $marker;

        impl Field for $marker {
            type Stored = $type;
            type Declared = Option<$type>;
            const KEY: &'static str = $key;
            $($($more)*)?

            fn default() -> Option<$type> {
                None
            }
        }
    )*};
}

#[derive(Serialize, Deserialize, PartialEq)]
struct Item {
    id: u64,
    note: Option<String>,
}

mod third {
    #[derive(super::Serialize, super::Deserialize)]
    pub(super) struct Item2 {
        size: u8,
    }
}

mod newer {
    #[derive(super::Serialize, super::Deserialize, PartialEq)]
    pub(super) struct Item {
        id: u32,
    }
}

fields! {
    Username: String = "username";
    UserId: i64 = "_user_id" { const NAME: &'static str = "user_id"; };
    UserIdElsewhere: i64 = "user_id";
    Views: u32 = "views" { const MERGE: Option<Policy<u32>> = Some(add); const POLICY: &'static str = "add"; };
    MoreViews: u64 = "views";
    Cart: Vec<Item> = "cart" { const MERGE: Option<Policy<Vec<Item>>> = Some(union); };
    SmallCart: Vec<newer::Item> = "cart";
    Items: (Item, newer::Item, third::Item2) = "items";
    Since: crate::formats::value::DateTime = "since";
}

macro_rules! state {
    ($($field:ident),* $(; $login:expr)?) => {
        StateLayout {
            name: "shop::Visit",
            fields: vec![$(layout_of::<$field>()),*],
            login: None$(.or(Some($login)))?,
            listed: false,
        }
    };
}

fn layout(state: StateLayout) -> Layout {
    Layout::of([state]).unwrap()
}

fn losses(was: StateLayout, is: StateLayout) -> Vec<String> {
    // As it is found in the file.
    let was = Layout::from_text(&layout(was).to_text().unwrap()).unwrap();
    layout(is).losses_since(&was)
}

#[test]
fn a_layout_is_a_text_with_a_line_for_each_field() {
    let mut state = state!(Views, Username, UserId, Cart, Since; "username");
    state.listed = true;
    let text = layout(state).to_text().unwrap();
    assert_eq!(
        text,
        r#"{
  "version": 1,
  "fields": {
    "_user_id": {"type": "i64", "merge": "last", "name": "user_id"},
    "cart": {"type": {"list": {"type": "Item"}}, "merge": "custom"},
    "since": {"type": "datetime", "merge": "last"},
    "username": {"type": "text", "merge": "last", "login": true, "listed": true},
    "views": {"type": "u32", "merge": "add"}
  },
  "types": {
    "Item": {
      "struct": {
        "id": {"type": "u64"},
        "note": {"type": {"optional": "text"}, "absent": true}
      }
    }
  },
  "states": {
    "Visit": ["_user_id", "cart", "since", "username", "views"]
  }
}
"#
    );
    assert_eq!(Layout::from_text(&text).unwrap().to_text().unwrap(), text);
}

#[test]
fn a_text_that_is_no_layout_or_of_another_version_is_refused() {
    for (text, reason) in [
        ("", "not a layout"),
        ("[]", "not a layout"),
        (r#"{"version": 1}"#, "not a layout"),
        (r#"{"version": 1, "fields": {"a": {"type": "floot", "merge": "last"}}}"#, "not a layout"),
        (r#"{"version": 2, "fields": {}}"#, "its version is 2, and not 1"),
    ] {
        let error = Layout::from_text(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn a_new_field_and_a_wider_type_lose_nothing() {
    assert_eq!(losses(state!(Views), state!(MoreViews, Username, Cart; "username")), [""; 0]);
}

#[test]
fn a_field_that_is_gone_or_reads_less_is_named_with_what_it_was() {
    assert_eq!(
        losses(state!(Username, Views), state!(Views)),
        ["`username` was text and is gone: no state has a field with this key"]
    );
    assert_eq!(losses(state!(MoreViews), state!(Views)), ["`views` was u64 and is u32"]);
    assert_eq!(
        losses(state!(Cart), state!(SmallCart)),
        [
            "`cart`, in each item, `id` was u64 and is u32",
            "`cart`, in each item, `note` was optional text and is gone"
        ]
    );
}

#[test]
fn a_field_with_another_key_is_told_from_one_that_is_gone() {
    let expected = "`user_id` was stored under the key `_user_id` and is read from `user_id`: \
                    keep its key, `#[session(key = \"_user_id\")]`";
    assert_eq!(losses(state!(UserId), state!(UserIdElsewhere)), [expected]);
}

#[test]
fn another_login_field_is_another_meaning() {
    let both = || state!(Username, UserId; "username");
    let by_id = || state!(Username, UserId; "_user_id");
    let none = || state!(Username, UserId);
    assert_eq!(losses(both(), both()), [""; 0]);
    assert!(losses(both(), by_id())[0].starts_with("the login field was `username` and is `_user_id`"));
    assert!(losses(both(), none())[0].starts_with("`username` was the login field"));
    assert!(losses(none(), by_id())[0].starts_with("`_user_id` was not the login field"));
    assert_eq!(losses(state!(Username), by_id()), [""; 0], "a login field that nobody can have yet");
}

#[test]
fn types_of_one_name_have_numbers_that_no_other_name_has() {
    let text = layout(state!(Items)).to_text().unwrap();
    for (name, count) in [("Item", 2), ("Item2", 2), ("Item22", 2), ("Item3", 0)] {
        assert_eq!(text.matches(&format!("\"{name}\"")).count(), count, "{name}: {text}");
    }
}

#[test]
fn states_that_contradict_each_other_have_no_layout() {
    let one = || state!(Views, Username);
    let error = Layout::of([one(), state!(MoreViews)]).unwrap_err().to_string();
    assert!(error.contains("`views` holds u64 in shop::Visit and u32"), "{error}");
    let layout = Layout::of([one(), StateLayout { name: "admin::Visit", ..one() }]).unwrap();
    assert!(layout.to_text().unwrap().contains(r#""admin::Visit": ["username", "views"]"#));
}

struct Roles;

impl Field for Roles {
    type Stored = std::collections::HashSet<String>;
    type Declared = std::collections::HashSet<String>;
    const KEY: &'static str = "roles";

    fn default() -> Self::Declared {
        ["reader", "writer"].map(str::to_owned).into()
    }
}

#[test]
fn a_default_without_an_order_makes_no_other_text_each_time() {
    let texts: std::collections::BTreeSet<_> =
        (0..100).map(|_| layout(state!(Roles)).to_text().unwrap()).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

/// As where `#[serde(untagged)]` was taken away.
#[test]
fn a_type_that_says_what_it_reads_for_the_first_time_is_told() {
    let text = layout(state!(Items)).to_text().unwrap();
    let begin = text.find("\"type\": ").unwrap() + "\"type\": ".len();
    let end = begin + text[begin..].find(", \"merge\"").unwrap();
    let opaque = format!("{{\"rust\": {:?}}}", std::any::type_name::<<Items as Field>::Stored>());
    let was = Layout::from_text(&format!("{}{opaque}{}", &text[..begin], &text[end..])).unwrap();
    let lines = layout(state!(Items)).losses_since(&was);
    assert!(lines.len() == 1 && lines[0].starts_with("`items` is tuple of"), "{lines:?}");
}
