using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The fields of <see cref="AccessSpec"/> that give a part of the usage.</summary>
internal static class AccessVerbs
{
    /// <summary>Each field's name, the key usage that has it, and the principals.</summary>
    public static IReadOnlyList<(string Verb, string Usage, IReadOnlyList<string>? Names)> Of(AccessSpec? access) =>
    [
        ("signers", "SIGN_VERIFY", access?.Signers),
        ("verifiers", "SIGN_VERIFY", access?.Verifiers),
        ("encrypters", "ENCRYPT_DECRYPT", access?.Encrypters),
        ("decrypters", "ENCRYPT_DECRYPT", access?.Decrypters),
        ("macGenerators", "GENERATE_VERIFY_MAC", access?.MacGenerators),
        ("macVerifiers", "GENERATE_VERIFY_MAC", access?.MacVerifiers),
    ];
}
