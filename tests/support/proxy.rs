//! A proxy between a process and AWS's stand-in, which does something to the process at one of its writes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::in_process::{may_write, operation};

/// When something is done to the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// When AWS has answered; the process never gets to see it.
    Unanswered,
    /// Right after the process got the answer.
    Answered,
}

/// What is done: kill, or something gentler.
type Deed = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Plan {
    /// How many writes have come since the last order.
    writes: usize,
    /// At which write, when, what.
    order: Option<(usize, When, Deed)>,
}

/// A proxy that listens for as long as the test process lives.
pub struct Proxy {
    /// Its address.
    pub url: String,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    /// Before a server's address.
    pub fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let upstream = server.trim_start_matches("http://").to_owned();
        let plan = Arc::<Mutex<Plan>>::default();
        let shared = Arc::clone(&plan);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, plan) = (upstream.clone(), Arc::clone(&shared));
                // A connection that breaks is its client's affair.
                std::thread::spawn(move || relay(client, &upstream, &plan));
            }
        });
        Self { url, plan }
    }

    /// Has something done at the write number `at` from now on, counted from 1.
    pub fn at_write(&self, at: usize, when: When, deed: impl FnOnce() + Send + 'static) {
        *lock(&self.plan) = Plan { writes: 0, order: Some((at, when, Box::new(deed))) };
    }

    /// How many writes have come since the last order; takes back what has not been done.
    pub fn writes(&self) -> usize {
        let mut plan = lock(&self.plan);
        plan.order = None;
        plan.writes
    }
}

fn lock(plan: &Mutex<Plan>) -> MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries one request over and its answer back; then the connection ends.
fn relay(client: TcpStream, upstream: &str, plan: &Mutex<Plan>) -> io::Result<()> {
    let (head, body) = request(&mut BufReader::new(&client))?;
    let due = if changes(&head, &body) { due(plan) } else { None };
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(&[head.as_bytes(), &body].concat())?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    match due {
        Some((When::Unanswered, deed)) => deed(),
        Some((When::Answered, deed)) => {
            (&client).write_all(&answer)?;
            deed();
        }
        None => (&client).write_all(&answer)?,
    }
    Ok(())
}

fn due(plan: &Mutex<Plan>) -> Option<(When, Deed)> {
    let mut plan = lock(plan);
    plan.writes += 1;
    let writes = plan.writes;
    let (_, when, deed) = plan.order.take_if(|(at, ..)| *at == writes)?;
    Some((when, deed))
}

/// A request's head, which asks to end the connection after the answer, and its body.
fn request(client: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if client.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(said) = lower.strip_prefix("content-length:") {
            length = said.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head += &line;
        }
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    Ok((head + "connection: close\r\n\r\n", body))
}

/// Whether a request may change something.
fn changes(head: &str, body: &[u8]) -> bool {
    let mut first = head.split(' ');
    let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    may_write(&operation(method, path, body))
}
