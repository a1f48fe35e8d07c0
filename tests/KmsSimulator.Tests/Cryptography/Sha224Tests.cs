using System.Text;
using KmsSimulator.Cryptography;

namespace KmsSimulator.Tests.Cryptography;

public sealed class Sha224Tests
{
    // Source: FIPS 180-4 examples, and RFC 4231, "HMAC-SHA Identifiers and Test Vectors", sections 4.2, 4.3 and 4.7.
    [Theory]
    [InlineData("abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7")]
    [InlineData("", "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525")]
    public void Hashes_are_the_standards(string message, string hash) =>
        Assert.Equal(hash, Convert.ToHexStringLower(Sha224.Hash(Encoding.ASCII.GetBytes(message))));

    [Theory]
    [InlineData("4a656665", "what do ya want for nothing?", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44")]
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There", "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22")]
    public void Codes_are_the_standards(string key, string message, string mac) =>
        Assert.Equal(mac, Convert.ToHexStringLower(Sha224.Mac(Convert.FromHexString(key), Encoding.ASCII.GetBytes(message))));

    [Fact]
    public void A_key_longer_than_a_block_is_hashed_first() => Assert.Equal(
        "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e",
        Convert.ToHexStringLower(Sha224.Mac(
            Enumerable.Repeat((byte)0xaa, 131).ToArray(), "Test Using Larger Than Block-Size Key - Hash Key First"u8)));
}
