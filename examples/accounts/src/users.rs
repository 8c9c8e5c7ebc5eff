//! The users.

use crate::database::down;
use rocket::http::Status;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqlitePool};

/// A row of the table. Templates may see all of it but the hash.
#[derive(Clone, Serialize)]
pub struct User {
    /// The number, which nobody else gets, also when the user is gone.
    pub id: i64,
    /// The name, as it was registered.
    pub name: String,
    /// The hash of the password, salt and parameters included.
    #[serde(skip)]
    pub password_hash: String,
    /// Whether it is the administrator.
    pub is_admin: bool,
    /// Whether the administrator has locked the user out.
    pub is_locked: bool,
}

impl User {
    /// Returns whether it is the administrator.
    pub fn is_admin(&self) -> bool {
        self.is_admin
    }
}

impl FromRow<'_, SqliteRow> for User {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(User {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            password_hash: row.try_get("password_hash")?,
            is_admin: row.try_get("is_admin")?,
            is_locked: row.try_get("is_locked")?,
        })
    }
}

/// What two names have in common that are one user's: `Momo` can't register beside `momo`.
pub(crate) fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// The table of users. Every call fails with 503 while the database does not work.
pub struct Users(SqlitePool);

impl Users {
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// Makes a user; `None` if somebody has the name. The first user is the administrator.
    pub async fn create(&self, name: &str, password_hash: &str) -> Result<Option<User>, Status> {
        let created = sqlx::query_as(
            "INSERT INTO users (name, name_key, password_hash, is_admin)
             VALUES (?, ?, ?, NOT EXISTS (SELECT 1 FROM users))
             ON CONFLICT (name_key) DO NOTHING RETURNING *",
        );
        let created = created.bind(name).bind(name_key(name)).bind(password_hash);
        created.fetch_optional(&self.0).await.map_err(down)
    }

    /// The user with this id.
    pub async fn find(&self, id: i64) -> Result<Option<User>, Status> {
        let found = sqlx::query_as("SELECT * FROM users WHERE id = ?").bind(id);
        found.fetch_optional(&self.0).await.map_err(down)
    }

    /// The user with this name, in whatever case it is written.
    pub async fn named(&self, name: &str) -> Result<Option<User>, Status> {
        let found = sqlx::query_as("SELECT * FROM users WHERE name_key = ?").bind(name_key(name));
        found.fetch_optional(&self.0).await.map_err(down)
    }

    /// All users, by name.
    pub async fn all(&self) -> Result<Vec<User>, Status> {
        sqlx::query_as("SELECT * FROM users ORDER BY name_key").fetch_all(&self.0).await.map_err(down)
    }

    /// The user with the new password; `None` if the user is gone, or has another password meanwhile.
    pub async fn set_password(&self, user: &User, password_hash: &str) -> Result<Option<User>, Status> {
        let changed = sqlx::query_as(
            "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ? RETURNING *",
        );
        let changed = changed.bind(password_hash).bind(user.id).bind(&user.password_hash);
        changed.fetch_optional(&self.0).await.map_err(down)
    }

    /// Locks a user out or lets them in again. Returns whether that was done: the administrator can't be locked out.
    pub async fn set_locked(&self, id: i64, locked: bool) -> Result<bool, Status> {
        let changed = sqlx::query("UPDATE users SET is_locked = ? WHERE id = ? AND NOT is_admin");
        let changed = changed.bind(locked).bind(id).execute(&self.0).await.map_err(down)?;
        Ok(changed.rows_affected() > 0)
    }

    /// Deletes a user. Returns whether that was done: the administrator stays, to look after the others.
    pub async fn delete(&self, id: i64) -> Result<bool, Status> {
        let deleted = sqlx::query("DELETE FROM users WHERE id = ? AND NOT is_admin").bind(id);
        Ok(deleted.execute(&self.0).await.map_err(down)?.rows_affected() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Users;
    use crate::database::open_file;
    use tempfile::TempDir;

    async fn users() -> (Users, TempDir) {
        let folder = TempDir::new().unwrap();
        let pool = open_file(folder.path().join("accounts.db")).await.unwrap();
        (Users::new(pool), folder)
    }

    #[rocket::async_test]
    async fn the_first_user_alone_is_the_administrator() {
        let (users, _folder) = users().await;
        assert!(users.create("momo", "hash").await.unwrap().unwrap().is_admin());
        assert!(!users.create("mimi", "hash").await.unwrap().unwrap().is_admin());
    }

    #[rocket::async_test]
    async fn nobody_gets_a_name_that_differs_only_in_case() {
        let (users, _folder) = users().await;
        users.create("Zoë", "hash").await.unwrap().unwrap();
        assert!(users.create("ZOË", "other").await.unwrap().is_none());
        assert_eq!(users.named("zoë").await.unwrap().unwrap().name, "Zoë");
    }

    #[rocket::async_test]
    async fn the_id_of_a_deleted_user_is_given_to_nobody_else() {
        let (users, _folder) = users().await;
        users.create("admin", "hash").await.unwrap();
        let gone = users.create("momo", "hash").await.unwrap().unwrap();
        assert!(users.delete(gone.id).await.unwrap());
        assert!(users.find(gone.id).await.unwrap().is_none());
        assert_ne!(users.create("momo", "hash").await.unwrap().unwrap().id, gone.id);
    }

    #[rocket::async_test]
    async fn the_administrator_is_neither_locked_out_nor_deleted() {
        let (users, _folder) = users().await;
        let admin = users.create("admin", "hash").await.unwrap().unwrap();
        assert!(!users.set_locked(admin.id, true).await.unwrap());
        assert!(!users.delete(admin.id).await.unwrap());
        assert!(users.find(admin.id).await.unwrap().is_some_and(|user| !user.is_locked));
    }

    #[rocket::async_test]
    async fn a_user_is_written_for_templates_without_the_hash() {
        let (users, _folder) = users().await;
        let user = users.create("momo", "a hash").await.unwrap().unwrap();
        let written = serde_json::to_string(&user);
        assert!(!written.unwrap().contains("a hash"));
    }
}
