#!/usr/bin/env bash
# Checks the library on the oldest Rust that its manifest names: with the default features, with all features whose
# dependencies are content with it, and below Rocket 0.5.1, as an application has it that uses rocket_okapi 0.9.
# The other checks build on the pinned toolchain; this one has a folder of its own below target/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/oldest

versions=$(scripts/rust_versions.py)
oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
if [[ $versions != "default $oldest"$'\n'* ]]; then
    echo "Cargo.toml says Rust $oldest and its dependencies say otherwise: ${versions%%$'\n'*}" >&2
    exit 1
fi
toolchain=$oldest.0
rustup run "$toolchain" rustc --version 2>/dev/null ||
    rustup toolchain install "$toolchain" --profile minimal --no-self-update

on_the_oldest() {
    echo "Rust $oldest: $*"
    cargo "+$toolchain" check --quiet "$@"
}

features=$(awk -v oldest="$oldest" '$2 == oldest && $1 != "default" { print $1 }' <<<"$versions" | paste -sd,)
on_the_oldest --locked --package rocket_session_state
on_the_oldest --locked --package rocket_session_state --features "$features"

# Rocket's three crates have to be of one version: 0.5.1's do not compile with 0.5.2's.
application=$(mktemp -d)
trap 'rm -rf "$application"' EXIT
mkdir "$application/src"
cat >"$application/Cargo.toml" <<MANIFEST
[package]
name = "application"
version = "0.0.0"
edition = "2024"

[dependencies]
rocket = "=0.5.1"
rocket_codegen = "=0.5.1"
rocket_http = "=0.5.1"
rocket_okapi = "0.9"
rocket_session_state = { path = "$PWD/rocket-integration" }

[workspace]
MANIFEST
cat >"$application/src/main.rs" <<'SOURCE'
use rocket::http::Status;
use rocket::{State, get, launch};
use rocket_okapi::{openapi, openapi_get_routes};
use rocket_session_state::{SessionUser, Sessions, require_session, session_state};

#[derive(Clone)]
struct User {
    name: String,
}

impl SessionUser for User {
    type Id = String;
    type Source<'r> = &'r State<Vec<String>>;

    async fn find(id: &String, names: &State<Vec<String>>) -> Result<Option<User>, Status> {
        rocket::tokio::task::yield_now().await;
        Ok(names.contains(id).then(|| User { name: id.clone() }))
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn stamp(&self) -> impl AsRef<[u8]> {
        &self.name
    }
}

impl User {
    async fn is_named(&self, _: &State<Vec<String>>) -> bool {
        !self.name.is_empty()
    }
}

#[session_state(user = User)]
struct Visit {
    #[session(login)]
    username: Option<String>,
}

#[require_session(Visit, check = User::is_named)]
struct Member {
    username: String,
    #[session(user)]
    user: User,
}

#[openapi]
#[get("/")]
fn index() -> &'static str {
    "open"
}

#[require_session(Member)]
#[get("/closed")]
fn closed(member: Member) -> String {
    format!("{} {}", member.username, member.user.name)
}

#[require_session(Member)]
#[get("/log-in")]
fn log_in(member: Member, visit: Visit) {
    visit.log_in(&member.user);
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", openapi_get_routes![index])
        .manage(Vec::<String>::new())
        .mount("/", rocket::routes![closed, log_in])
}
SOURCE
# Everything but Rocket stays as it is locked here.
cp Cargo.lock "$application/"
on_the_oldest --manifest-path "$application/Cargo.toml"
