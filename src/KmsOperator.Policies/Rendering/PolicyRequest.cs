using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>What a generated policy is made from; principals are ARNs already.</summary>
public sealed record PolicyRequest
{
    /// <summary>The key's own Region.</summary>
    public required string Region { get; init; }

    /// <summary>The key's account.</summary>
    public required string AccountId { get; init; }

    /// <summary>A service of the catalogue; null for the common statements alone.</summary>
    public string? Service { get; init; }

    /// <summary>Which policy is generated.</summary>
    public PolicyPreset Preset { get; init; }

    /// <summary>Values of <c>spec.serviceParameters</c> by field; an absent or empty one is the row's default.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>The organization that the class names, which <see cref="PolicyPreset.Scoped"/> asks for; null for none.</summary>
    public string? Organization { get; init; }

    /// <summary>What the key can be used for.</summary>
    public KeyActions Actions { get; init; } = KeyActions.SymmetricEncryption;

    /// <summary>ARNs of principals with administrative access.</summary>
    public IReadOnlyList<string> Administrators { get; init; } = [];

    /// <summary>ARNs of principals with usage access.</summary>
    public IReadOnlyList<string> Users { get; init; } = [];

    /// <summary>ARNs of principals with a part of usage access, by the name of the part in <see cref="KeyActions.Verbs"/>; others have no effect.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> UsersByVerb { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Ids of accounts whose root gets usage and grant access.</summary>
    public IReadOnlyList<string> TrustedAccounts { get; init; } = [];

    /// <summary>Whether the trusted accounts may also use the key through the service.</summary>
    public bool CrossAccountViaService { get; init; }

    /// <summary>Statements to append, as their author wrote them.</summary>
    public IReadOnlyList<JsonElement> AdditionalStatements { get; init; } = [];
}
