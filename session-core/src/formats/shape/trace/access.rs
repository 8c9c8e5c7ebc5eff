//! What is in a value that was made up: the items, entries, fields and variants.

use std::iter::Enumerate;
use std::slice::IterMut;
use std::vec::IntoIter;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::deserializer::{Place, Read, Tracing};
use super::{Body, Shape, Stopped, Tracer, absorb, unseen};
use crate::formats::shape::Part;

/// The items of a sequence.
pub(super) struct Items<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) shapes: Enumerate<IterMut<'t, Shape>>,
    pub(super) place: &'t Place,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Stopped;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stopped> {
        let Some((number, out)) = self.shapes.next() else { return Ok(None) };
        let place = self.place.below(number)?;
        seed.deserialize(Tracing { tracer: self.tracer, out, place }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.shapes.len())
    }
}

/// The one entry of a map, or none.
pub(super) struct Entry<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) entry: Option<(&'t mut Shape, &'t mut Shape)>,
    pub(super) value: Option<&'t mut Shape>,
    pub(super) place: &'t Place,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Stopped;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stopped> {
        let Some((out, value)) = self.entry.take() else { return Ok(None) };
        self.value = Some(value);
        let place = self.place.below("key")?;
        seed.deserialize(Tracing { tracer: self.tracer, out, place }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stopped> {
        let out = self.value.take().ok_or(Stopped::Refused)?;
        let place = self.place.below("value")?;
        seed.deserialize(Tracing { tracer: self.tracer, out, place })
    }
}

/// The fields of a struct.
pub(super) struct Fields<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) id: &'t str,
    pub(super) keys: IntoIter<&'static str>,
    pub(super) key: Option<&'static str>,
    pub(super) place: &'t Place,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Stopped;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stopped> {
        self.key = self.keys.next();
        let Some(key) = self.key else { return Ok(None) };
        self.tracer.run.last_key = Some((self.id.to_owned(), key));
        let key: StrDeserializer<'_, Stopped> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stopped> {
        let key = self.key.take().ok_or(Stopped::Refused)?;
        let place = self.place.below(key)?;
        let mut seen = unseen();
        let value = seed.deserialize(Tracing { tracer: self.tracer, out: &mut seen, place })?;
        if let Some(Body::Struct(parts)) = self.tracer.types.get_mut(self.id) {
            let part = parts.entry(key.to_owned());
            let part = part.or_insert_with(|| Part { shape: unseen(), absent: false, aliases: Vec::new() });
            absorb(&mut part.shape, seen);
        }
        Ok(value)
    }
}

/// One variant of an enum.
pub(super) struct Variant<'t> {
    pub(super) tracer: &'t mut Tracer,
    pub(super) content: &'t mut Shape,
    pub(super) chosen: &'static str,
    /// What a variant with fields is known by, and its name.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) place: &'t Place,
}

impl Variant<'_> {
    fn tracing(&mut self) -> Tracing<'_> {
        Tracing { tracer: self.tracer, out: self.content, place: self.place.clone() }
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Stopped;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Stopped> {
        let name: StrDeserializer<'_, Stopped> = self.chosen.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Stopped;

    fn unit_variant(self) -> Result<(), Stopped> {
        *self.content = Shape::Null;
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value, Stopped> {
        seed.deserialize(self.tracing())
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, len: usize, visitor: V) -> Read<'de, V> {
        let (value, shapes) = self.tracing().sequence(len, visitor)?;
        *self.content = Shape::Tuple(shapes);
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<'de, V> {
        let (id, name) = (self.id.clone(), self.name.clone());
        self.tracing().structure(id, name, fields, visitor)
    }
}
