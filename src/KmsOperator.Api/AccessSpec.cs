namespace KmsOperator.Api;

/// <summary>Who gets what on a key.</summary>
public sealed record AccessSpec
{
    /// <summary>IAM role names or principal ARNs with administrative access. A bare name means a role in the key's own account.</summary>
    public IReadOnlyList<string>? Administrators { get; init; }

    /// <summary>IAM role names or principal ARNs with usage access.</summary>
    public IReadOnlyList<string>? Users { get; init; }

    /// <summary>IAM role names or principal ARNs that may sign with the key; only with <c>SIGN_VERIFY</c>.</summary>
    public IReadOnlyList<string>? Signers { get; init; }

    /// <summary>IAM role names or principal ARNs that may verify signatures with the key; only with <c>SIGN_VERIFY</c>.</summary>
    public IReadOnlyList<string>? Verifiers { get; init; }

    /// <summary>IAM role names or principal ARNs that may encrypt with the key, and make data keys where it is symmetric; only with <c>ENCRYPT_DECRYPT</c>.</summary>
    public IReadOnlyList<string>? Encrypters { get; init; }

    /// <summary>IAM role names or principal ARNs that may decrypt with the key; only with <c>ENCRYPT_DECRYPT</c>.</summary>
    public IReadOnlyList<string>? Decrypters { get; init; }

    /// <summary>IAM role names or principal ARNs that may make message authentication codes with the key; only with <c>GENERATE_VERIFY_MAC</c>.</summary>
    public IReadOnlyList<string>? MacGenerators { get; init; }

    /// <summary>IAM role names or principal ARNs that may verify message authentication codes with the key; only with <c>GENERATE_VERIFY_MAC</c>.</summary>
    public IReadOnlyList<string>? MacVerifiers { get; init; }

    /// <summary>Account ids (12 digits) whose root gets usage and grant access.</summary>
    public IReadOnlyList<string>? TrustedAccounts { get; init; }

    /// <summary>Whether trusted accounts may also use the key through the service (<c>kms:CallerAccount</c>). Default false.</summary>
    public bool? CrossAccountViaService { get; init; }
}
