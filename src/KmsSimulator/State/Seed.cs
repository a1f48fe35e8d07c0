using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace KmsSimulator.State;

/// <summary>What a seed fixes: by name, so that neither the time nor anybody else's calls change what a name gives.</summary>
internal sealed class Seed(int value)
{
    /// <summary>32 bytes that belong to a name.</summary>
    public byte[] Bytes(string name) => SHA256.HashData(Encoding.UTF8.GetBytes($"{value}/{name}"));

    /// <summary>A sequence that belongs to a name, at its beginning.</summary>
    public Chance Sequence(string name) => new(BinaryPrimitives.ReadInt32LittleEndian(Bytes(name)));
}
