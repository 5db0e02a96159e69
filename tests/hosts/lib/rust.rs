// A library in Rust, with threads of Rust's own standard library. It crashes itself where Rust
// can: its callback is for the rest.
use std::ffi::CStr;
use std::os::raw::{c_char, c_long};
use std::sync::{Arc, Mutex};
use std::thread;

type Crash = extern "C" fn(*const c_char);

#[no_mangle]
pub extern "C" fn host_start(_path: *const c_char) -> *const c_char {
    std::ptr::null()
}

#[no_mangle]
pub extern "C" fn host_work() -> c_long {
    let sum = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let sum = Arc::clone(&sum);
            thread::spawn(move || {
                let part: c_long = (0..100_000).map(|n| (n ^ i) % 7).sum();
                *sum.lock().unwrap() += part;
            })
        })
        .collect();
    for t in threads {
        t.join().unwrap();
    }
    // A panic that is caught is nobody's crash.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let caught = std::panic::catch_unwind(|| panic!("caught")).is_err();
    std::panic::set_hook(hook);
    let result = *sum.lock().unwrap();
    result + caught as c_long
}

#[inline(never)]
fn rust_overflow(depth: u64) -> u64 {
    let mut block = [depth; 40];
    std::hint::black_box(&mut block);
    if depth == 0 {
        return 0;
    }
    rust_overflow(depth + 1) + std::hint::black_box(block)[3]
}

#[inline(never)]
fn rust_crash(kind: &str, raw: *const c_char, crash: Crash) {
    match kind {
        "null" => unsafe { std::ptr::write_volatile(8 as *mut u32, 1) },
        "wild" => unsafe { std::ptr::write_volatile(0x123456789000 as *mut u32, 1) },
        "abort" => std::process::abort(),
        "overflow" => {
            std::hint::black_box(rust_overflow(1));
        }
        _ => crash(raw),
    }
}

#[no_mangle]
pub extern "C" fn host_crash(place: *const c_char, crash: Crash, kind: *const c_char) {
    let name = unsafe { CStr::from_ptr(kind) }.to_str().unwrap().to_string();
    let place = unsafe { CStr::from_ptr(place) }.to_str().unwrap();
    let raw = kind as usize;
    if place == "thread" {
        let thread = thread::Builder::new().name("rusty".into());
        let handle = thread.spawn(move || rust_crash(&name, raw as *const c_char, crash));
        handle.unwrap().join().unwrap();
    } else {
        rust_crash(&name, kind, crash);
    }
}
