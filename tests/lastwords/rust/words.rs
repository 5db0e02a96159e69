// A library that panics.
#[no_mangle]
pub extern "C" fn rust_words() {
    panic!("the answer is {}", 42);
}
