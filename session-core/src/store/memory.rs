//! Placeholder until the store lands in the same session.

/// Sessions in this process's memory.
#[derive(Debug)]
pub struct MemoryStore;
