//! The promises of the library, each on every store that can hold it. `complete` lists them all with their tests:
//! some are proven elsewhere, Flask's formats in `interop` and launching in `launch`.

mod complete;
mod cost;
mod errors;
mod identity;
mod place;
mod races;
