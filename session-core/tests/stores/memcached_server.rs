//! A store at a private memcached.

use rocket_session_state_core::store::MemcachedStore;
pub(crate) use test_servers::memcached::Memcached as Server;

pub(crate) fn store_at(server: &Server) -> MemcachedStore {
    MemcachedStore::from_servers([server.address()]).expect("an address")
}
