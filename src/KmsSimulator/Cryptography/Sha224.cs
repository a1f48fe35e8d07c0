using System.Buffers.Binary;
using System.Numerics;

namespace KmsSimulator.Cryptography;

/// <summary>SHA-224, which .NET does not have, and HMAC with it. For the simulator's keys only: it is not written to keep secrets.</summary>
/// <remarks>Source: FIPS 180-4, "Secure Hash Standard", sections 4.1.2, 5.1.1 and 6.2; RFC 2104, "HMAC".</remarks>
internal static class Sha224
{
    private const int BlockBytes = 64;
    private const int HashBytes = 28;

    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static readonly uint[] RoundConstants = [.. Primes().Take(64).Select(prime => FractionalBits(prime))];

    /// <summary>The hash: 28 bytes.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> message)
    {
        var blocks = (message.Length + 1 + 8 + BlockBytes - 1) / BlockBytes;
        var padded = new byte[blocks * BlockBytes];
        message.CopyTo(padded);
        padded[message.Length] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(padded.AsSpan(padded.Length - 8), message.Length * 8L);

        Span<uint> state = [0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4];
        for (var at = 0; at < padded.Length; at += BlockBytes)
            Compress(state, padded.AsSpan(at, BlockBytes));

        var hash = new byte[HashBytes];
        for (var i = 0; i < HashBytes / 4; i++)
            BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(i * 4), state[i]);
        return hash;
    }

    /// <summary>The message authentication code: 28 bytes.</summary>
    public static byte[] Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        if (key.Length > BlockBytes)
            Hash(key).CopyTo(block);
        else
            key.CopyTo(block);
        var inner = new byte[BlockBytes + message.Length];
        var outer = new byte[BlockBytes + HashBytes];
        for (var i = 0; i < BlockBytes; i++)
            (inner[i], outer[i]) = ((byte)(block[i] ^ 0x36), (byte)(block[i] ^ 0x5c));
        message.CopyTo(inner.AsSpan(BlockBytes));
        Hash(inner).CopyTo(outer, BlockBytes);
        return Hash(outer);
    }

    private static void Compress(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[64];
        for (var i = 0; i < 16; i++)
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * 4)..]);
        for (var i = 16; i < 64; i++)
        {
            var s0 = Rotate(w[i - 15], 7) ^ Rotate(w[i - 15], 18) ^ (w[i - 15] >> 3);
            var s1 = Rotate(w[i - 2], 17) ^ Rotate(w[i - 2], 19) ^ (w[i - 2] >> 10);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }

        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var i = 0; i < 64; i++)
        {
            var t1 = h + (Rotate(e, 6) ^ Rotate(e, 11) ^ Rotate(e, 25)) + ((e & f) ^ (~e & g)) + RoundConstants[i] + w[i];
            var t2 = (Rotate(a, 2) ^ Rotate(a, 13) ^ Rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + t1, c, b, a, t1 + t2);
        }

        ReadOnlySpan<uint> added = [a, b, c, d, e, f, g, h];
        for (var i = 0; i < added.Length; i++)
            state[i] += added[i];
    }

    private static uint Rotate(uint value, int bits) => BitOperations.RotateRight(value, bits);

    private static IEnumerable<int> Primes() =>
        Enumerable.Range(2, int.MaxValue - 2).Where(number => Enumerable.Range(2, number - 2).TakeWhile(i => i * i <= number).All(i => number % i != 0));

    /// <summary>The first 32 bits behind the point of a number's cube root, exactly: the whole cube root of the number times 2^96.</summary>
    private static uint FractionalBits(int number)
    {
        var cube = (BigInteger)number << 96;
        BigInteger low = 0, high = BigInteger.One << 36;
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (BigInteger.Pow(middle, 3) <= cube)
                low = middle;
            else
                high = middle;
        }

        return (uint)(low & uint.MaxValue);
    }
}
