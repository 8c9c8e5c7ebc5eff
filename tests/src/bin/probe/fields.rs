//! The fields of the state, which both probes have.

/// Declares the state, below what one of the probes says of it.
macro_rules! probe_state {
    ($(#[$option:meta])* login: $(#[$login:meta])*) => {
        $(#[$option])*
        pub(crate) struct Probe {
            $(#[$login])*
            pub(crate) username: Option<String>,
            #[session(merge = "add")]
            pub(crate) counter: i64,
            #[session(merge = "union")]
            pub(crate) tags: Vec<String>,
            #[session(merge = "max")]
            pub(crate) high: i64,
            #[session(merge = "refuse")]
            pub(crate) strict: Option<i64>,
            pub(crate) a: Option<String>,
            pub(crate) b: Option<String>,
            pub(crate) cart: Vec<$crate::typed::Item>,
        }
    };
}

pub(crate) use probe_state;
