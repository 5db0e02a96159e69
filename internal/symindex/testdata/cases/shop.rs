use std::collections::HashMap;

#[inline(always)]
fn weigh(x: &i64) -> i64 {
    std::hint::black_box(*x) * 3
}

struct Shop<T> {
    items: Vec<T>,
}

impl<T: Into<i64> + Copy> Shop<T> {
    fn total(&self) -> i64 {
        self.items.iter().map(|x| weigh(&(*x).into())).sum()
    }
}

#[no_mangle]
pub extern "C" fn rust_entry(n: i32) -> i64 {
    let s = Shop { items: (0..n).collect::<Vec<i32>>() };
    let mut m: HashMap<String, i64> = HashMap::new();
    for i in 0..n {
        *m.entry(format!("{i}")).or_insert(0) += i as i64;
    }
    s.total() + m.get("77").copied().unwrap_or(3) + m.len() as i64
}

fn main() {
    println!("{}", rust_entry(std::env::args().count() as i32 + 5));
}
