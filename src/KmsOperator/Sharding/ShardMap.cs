using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace KmsOperator.Sharding;

/// <summary>
/// Says in which shard a thing is. It depends on nothing but the thing and the number of shards, so that all instances say the same, also those of
/// other versions: the first four bytes of a SHA-256 as a number, modulo the number of shards.
/// </summary>
/// <param name="Count">How many shards there are, 1 or more.</param>
internal readonly record struct ShardMap(int Count)
{
    /// <summary>The shard of all keys of one account and Region: of <c>{account}/{Region}</c>.</summary>
    public int OfPlace(string accountId, string region) => Of($"{accountId}/{region}");

    /// <summary>The shard of a KeyClass, and of its resources while it is not known where their keys will be: of <c>class/{name}</c>.</summary>
    /// <param name="name">Name of the class; empty where there is none.</param>
    public int OfClass(string name) => Of($"class/{name}");

    /// <summary>The shard of a resource that cannot be read: of <c>{namespace}/{name}</c>.</summary>
    public int OfUnreadable(string @namespace, string name) => Of($"{@namespace}/{name}");

    private int Of(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % (uint)Count);
    }
}
