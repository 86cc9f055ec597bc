use crate::Adapter;
use crate::adapter::{name_of, own_address};
use crate::wait::done;

pub(super) fn run(adapter: Adapter) {
    let address = own_address();
    let first = adapter.bind(name_of(address)).start().unwrap();
    assert_eq!(first.local_addr(), address.into());
    let second = adapter.node(2).start().unwrap();
    let outcomes = done(second.join([name_of(address)]));
    assert!(matches!(outcomes[0].result, Ok(id) if id == first.id()), "{outcomes:?}");
}
