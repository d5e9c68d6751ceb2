//! Sockets on loopback that end with whoever holds them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A task that ends when this is dropped.
pub struct Task(JoinHandle<()>);

impl Task {
    /// Begins it.
    pub fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A port on 127.0.0.1: the wanted one, else, if that is taken, any.
///
/// # Errors
/// There is none, or no socket is left.
pub fn bind(wanted: u16) -> io::Result<TcpListener> {
    let bound = std::net::TcpListener::bind(("127.0.0.1", wanted));
    let listener = bound.or_else(|_| std::net::TcpListener::bind(("127.0.0.1", 0)))?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Serves each connection in a task of its own. All end with this one.
pub async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream, SocketAddr) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // Without it answers are late, not wrong.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve(stream, peer));
                }
                // No socket is left: others are about to be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
