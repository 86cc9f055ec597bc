//! Members for applications that serialise them (feature `serde`).

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{Member, Status};

/// In the words of its [`Display`](core::fmt::Display).
impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<A: Serialize> Serialize for Member<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut member = serializer.serialize_struct("Member", 6)?;
        member.serialize_field("id", &self.id())?;
        member.serialize_field("address", self.address())?;
        member.serialize_field("status", &self.status())?;
        member.serialize_field("incarnation", &self.incarnation())?;
        member.serialize_field("accusers", &self.accusers())?;
        member.serialize_field("meta", self.meta())?;
        member.end()
    }
}
