//! One module per page.

pub(crate) mod account;
pub(crate) mod login;
pub(crate) mod problem;
pub(crate) mod refused;
pub(crate) mod session;
pub(crate) mod style;
pub(crate) mod welcome;
