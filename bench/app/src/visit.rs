//! The content of a session of the benchmark.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A session of twenty keys, one of them a counter.
pub trait Visit: Serialize + DeserializeOwned + Send + Sync {
    /// A session of about `bytes` bytes of JSON.
    fn sized(bytes: usize) -> Self;

    /// The counter.
    fn views(&mut self) -> &mut u64;
}

/// A line of a list in a shop's session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    pub id: u32,
    pub name: String,
    pub count: u32,
    pub price: f64,
}

impl Item {
    fn numbered(number: usize) -> Self {
        let id = 40_000 + (number * 7) as u32;
        Item { id, name: "green tea, 100 g".to_owned(), count: 2, price: 4.5 }
    }
}

macro_rules! visit {
    ($(#[$doc:meta])* $name:ident, texts: $($text:ident)*, lists: $($list:ident)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub struct $name {
            pub views: u64,
            $(pub $text: String,)*
            $(pub $list: Vec<Item>,)*
        }

        impl $name {
            #[allow(unused_variables, reason = "a session may have no lists")]
            fn filled(text: &str, list: &[Item]) -> Self {
                $name { views: 1, $($text: text.to_owned(),)* $($list: list.to_vec(),)* }
            }

            fn bytes(&self) -> usize {
                serde_json::to_vec(self).map_or(0, |json| json.len())
            }
        }
    };
}

visit! {
    /// The session of a shop: nine short texts and ten lists, which grow.
    Shop,
    texts: username csrf_token language theme currency timezone referrer campaign last_page,
    lists: cart seen wishlist compared searches orders coupons alerts notes friends
}

visit! {
    /// Nothing but texts, which grow: the shape that decodes fastest.
    Texts,
    texts: field_1 field_2 field_3 field_4 field_5 field_6 field_7 field_8 field_9 field_10 field_11 field_12
        field_13 field_14 field_15 field_16 field_17 field_18 field_19,
    lists:
}

impl Visit for Shop {
    fn sized(bytes: usize) -> Self {
        let with = |items: usize| {
            let items: Vec<Item> = (0..items).map(Item::numbered).collect();
            Shop::filled("a text of one session", &items)
        };
        // As many items in each list as come closest to it.
        let (none, one) = (with(0).bytes(), with(1).bytes());
        with((bytes.saturating_sub(none) + (one - none) / 2) / (one - none))
    }

    fn views(&mut self) -> &mut u64 {
        &mut self.views
    }
}

impl Visit for Texts {
    fn sized(bytes: usize) -> Self {
        let empty = Texts::filled("", &[]).bytes();
        Texts::filled(&"x".repeat(bytes.saturating_sub(empty) / 19), &[])
    }

    fn views(&mut self) -> &mut u64 {
        &mut self.views
    }
}
