//! A checksum of 64 bits that PostgreSQL knows too.

/// `hashtextextended(text, seed)` of PostgreSQL: Bob Jenkins' lookup3 in 64 bits, as `hash_bytes_extended` in
/// `src/common/hashfn.c` computes it on little-endian machines. Hash partitioning stores rows by it, so that it does not
/// change between versions.
pub fn hash64(bytes: &[u8], seed: u64) -> u64 {
    let start = 0x9e37_79b9_u32.wrapping_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).wrapping_add(3_923_095);
    let (mut a, mut b, mut c) = (start, start, start);
    if seed != 0 {
        a = a.wrapping_add((seed >> 32) as u32);
        b = b.wrapping_add(seed as u32);
        mix(&mut a, &mut b, &mut c);
    }
    let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let mut blocks = bytes.chunks_exact(12);
    for block in &mut blocks {
        a = a.wrapping_add(word(block));
        b = b.wrapping_add(word(&block[4..]));
        c = c.wrapping_add(word(&block[8..]));
        mix(&mut a, &mut b, &mut c);
    }
    // The last bytes; the lowest byte of the third word is kept for the length.
    let mut last = [0_u8; 12];
    let rest = blocks.remainder();
    let (head, tail) = rest.split_at(rest.len().min(8));
    last[..head.len()].copy_from_slice(head);
    last[9..9 + tail.len()].copy_from_slice(tail);
    a = a.wrapping_add(word(&last));
    b = b.wrapping_add(word(&last[4..]));
    c = c.wrapping_add(word(&last[8..]));
    finish(&mut a, &mut b, &mut c);
    u64::from(b) << 32 | u64::from(c)
}

fn mix(a: &mut u32, b: &mut u32, c: &mut u32) {
    let step = |x: &mut u32, y: u32, z: &mut u32, turns: u32| {
        *x = x.wrapping_sub(*z) ^ z.rotate_left(turns);
        *z = z.wrapping_add(y);
    };
    step(a, *b, c, 4);
    step(b, *c, a, 6);
    step(c, *a, b, 8);
    step(a, *b, c, 16);
    step(b, *c, a, 19);
    step(c, *a, b, 4);
}

fn finish(a: &mut u32, b: &mut u32, c: &mut u32) {
    let step = |x: &mut u32, y: u32, turns: u32| *x = (*x ^ y).wrapping_sub(y.rotate_left(turns));
    step(c, *b, 14);
    step(a, *c, 11);
    step(b, *a, 25);
    step(c, *b, 16);
    step(a, *c, 4);
    step(b, *a, 14);
    step(c, *b, 24);
}
