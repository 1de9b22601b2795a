//! What the peer says, in the pieces in which a network might deliver it.

use std::cell::RefCell;

use futures::executor::block_on;
use wirescript::scripted::{Chunks, ScriptedSocket};
use wirescript::{AsyncSocketExt, Verifier};

use crate::probe::panics_here;
use crate::support::{everywhere, fetch_status};

everywhere! {
    async fn a_read_gets_no_more_than_the_piece_it_begins_in() {
        let verifier = Verifier::new();
        let script = verifier.socket().new_session().expect_recv(b"abcdef").in_chunks([1, 3, 2]);
        let mut socket = script.expect_recv(b"ghi").in_chunks(2).into_socket();
        let mut buffer = [0; 64];
        let mut received = Vec::new();
        for _ in 0..5 {
            let count = socket.recv(&mut buffer).await.unwrap();
            received.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
        }
        assert_eq!(received, ["a", "bcd", "ef", "gh", "i"]);
        drop(socket);
        verifier.verify();
        assert_eq!(verifier.interactions().len(), 2, "one step is one interaction");
    }

    async fn a_client_that_depends_on_no_boundary_passes_however_it_is_cut() {
        let seeded = (0..20).map(Chunks::Seeded);
        for chunks in [Chunks::Whole, Chunks::Bytewise].into_iter().chain(seeded) {
            let verifier = Verifier::builder().chunks(chunks).build();
            let net = verifier.socket();
            let reply = "OK 200 and a text that is longer than any piece\r\n";
            net.new_session()
                .expect_connect("monitoring.internal:5000")
                .expect_send_all(b"STATUS\r\n")
                .expect_recv(reply)
                .expect_eof()
                .expect_close();
            assert_eq!(fetch_status(&net, "monitoring.internal", 5000).await.unwrap(), reply);
            verifier.finish().await;
        }
    }

    async fn between_the_pieces_of_one_client_others_run() {
        let verifier = Verifier::builder().chunks(Chunks::Bytewise).build();
        let net = verifier.socket();
        let mut sockets = Vec::new();
        for _ in 0..2 {
            sockets.push(net.new_session().expect_recv(b"abc").into_socket());
        }
        let order = RefCell::new(String::new());
        let read = async |name: &str, mut socket: ScriptedSocket| {
            for _ in 0..3 {
                socket.recv_exact(&mut [0]).await.unwrap();
                order.borrow_mut().push_str(name);
            }
        };
        let (two, one) = (sockets.pop().unwrap(), sockets.pop().unwrap());
        futures::join!(read("1", one), read("2", two));
        assert_eq!(order.into_inner(), "121212");
        verifier.verify();
    }
}

#[test]
fn the_size_of_a_clients_buffer_is_its_own_however_it_is_cut() {
    let verifier = Verifier::builder().chunks(Chunks::Bytewise).build();
    let net = verifier.socket();
    let mut socket = net.new_session().expect_recv(b"x").into_socket();
    assert_eq!(block_on(socket.recv(&mut [0; 512])).unwrap(), 1);
    drop(socket);
    net.assert_recv(512, b"x");
    verifier.verify();
}

#[test]
fn a_small_buffer_cuts_a_piece_further() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_recv(b"abcdef").in_chunks(4);
    let mut socket = script.into_socket();
    let mut counts = Vec::new();
    for _ in 0..3 {
        counts.push(block_on(socket.recv(&mut [0; 3])).unwrap());
    }
    assert_eq!(counts, [3, 1, 2]);
    drop(socket);
    verifier.verify();
}

#[test]
fn pieces_that_cannot_be_are_refused_where_they_are_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let script = || net.new_session().expect_recv(b"abc");
    panics_here(|| drop(script().in_chunks(0)));
    panics_here(|| drop(script().in_chunks([1, 1])));
    panics_here(|| drop(script().in_chunks(vec![3, 0])));
    panics_here(|| drop(script().in_chunks(&[][..])));
}
