//! Visitors that ask for one page again and again.

use crate::Result;
use crate::http::{Connection, get};

/// Visitors with their cookies.
pub(crate) struct Crowd {
    cookies: Vec<Option<String>>,
}

impl Crowd {
    /// Lets visitors begin a session each and keep its cookie, if they get one.
    pub(crate) fn begin(port: u16, start: &str, visitors: usize) -> Result<Self> {
        let mut connection = Connection::open(port)?;
        let request = get(start, None);
        let mut cookies = Vec::with_capacity(visitors);
        for _ in 0..visitors {
            let response = connection.ask(&request)?;
            expect_success(start, response.status)?;
            cookies.push(response.cookie);
        }
        Ok(Crowd { cookies })
    }

    /// Visitors without cookies.
    pub(crate) fn strangers(visitors: usize) -> Self {
        Crowd { cookies: vec![None; visitors] }
    }

    /// Asks for `page` `count` times over new connections.
    pub(crate) fn ask(&self, port: u16, page: &str, connections: usize, count: usize) -> Result<()> {
        let mut open = (0..connections).map(|_| Connection::open(port)).collect::<Result<Vec<_>>>()?;
        self.ask_over(&mut open, page, count)
    }

    /// Asks for `page` `count` times over connections that are all busy until the end. Each visitor stays
    /// with one connection, so that no session is used twice at once unless there are fewer visitors than
    /// connections.
    pub(crate) fn ask_over(&self, connections: &mut [Connection], page: &str, count: usize) -> Result<()> {
        let requests: Vec<_> = self.cookies.iter().map(|cookie| get(page, cookie.as_deref())).collect();
        let mut turns = requests.iter().cycle();
        let mut busy = connections.len().min(count);
        for (connection, request) in connections.iter_mut().take(busy).zip(turns.by_ref()) {
            connection.send(request)?;
        }
        let mut left = count - busy;
        while busy > 0 {
            for connection in connections.iter_mut().take(busy) {
                expect_success(page, connection.receive()?.status)?;
                if left > 0 {
                    left -= 1;
                    connection.send(turns.next().ok_or("no visitors")?)?;
                } else {
                    busy -= 1;
                }
            }
        }
        Ok(())
    }
}

fn expect_success(page: &str, status: u16) -> Result<()> {
    if status == 200 { Ok(()) } else { Err(format!("{page} was answered with {status}").into()) }
}
