using KmsOperator.Manifests;

namespace KmsOperator.Importing;

/// <summary>A KMS key as another tool, or KMS itself, tells of it.</summary>
internal sealed record ForeignKey
{
    /// <summary>The key's ARN.</summary>
    public required string Arn { get; init; }

    /// <summary>What the other tool calls the key and what belongs to it (aliases, grants, policies); empty for keys that nobody declared.</summary>
    public IReadOnlyList<ForeignSource> Sources { get; init; } = [];

    /// <summary>From what the resource is named where the key has no alias.</summary>
    public string NameHint { get; init; } = "";

    /// <summary>What may be a service of the catalogue: the key of a <c>for_each</c>. Used only where the policy is that service's.</summary>
    public string? ServiceHint { get; init; }

    /// <summary>Description, empty if none.</summary>
    public string Description { get; init; } = "";

    /// <summary>KMS's key spec.</summary>
    public string KeySpec { get; init; } = "SYMMETRIC_DEFAULT";

    /// <summary>KMS's key usage.</summary>
    public string KeyUsage { get; init; } = "ENCRYPT_DECRYPT";

    /// <summary>Whether the key may be used.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether the key is a multi-Region key.</summary>
    public bool MultiRegion { get; init; }

    /// <summary>For replicas: ARN of the primary; else null.</summary>
    public string? PrimaryArn { get; init; }

    /// <summary>Automatic rotation; null where it is not known or cannot be.</summary>
    public ForeignRotation? Rotation { get; init; }

    /// <summary>The policy document; null where the other tool does not say.</summary>
    public string? Policy { get; init; }

    /// <summary>All tags that are known.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>7 to 30 days; null where nothing is said.</summary>
    public int? DeletionWindowDays { get; init; }

    /// <summary>Full names of the aliases, <c>alias/...</c>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The grants that the other tool made on the key.</summary>
    public IReadOnlyList<ForeignGrant> Grants { get; init; } = [];

    /// <summary>What belongs to the key and cannot be said in its manifest: a sentence each.</summary>
    public IReadOnlyList<string> Left { get; init; } = [];

    /// <summary>12 digits.</summary>
    public string AccountId => Arn.Split(':')[4];

    /// <summary>The key's Region.</summary>
    public string Region => RegionOf(Arn);

    /// <summary>KMS's key id.</summary>
    public string KeyId => Arn[(Arn.LastIndexOf('/') + 1)..];

    /// <summary>What people are told which key is meant: the other tool's name, else the ARN.</summary>
    public string Label => Sources is [var first, ..] ? first.Label : Arn;

    /// <summary>
    /// Why a key whose material KMS did not make is left out. Only who has the material can say in which Secret it may be, and can import it again once it has expired; and what a key store's
    /// key is called there, no state says.
    /// </summary>
    /// <param name="tool">The tool that has the key; null for none.</param>
    public static string OfAnotherOrigin(string? tool) =>
        "keys with imported material or in a custom key store are not imported, because where their material is kept is for a person to say. "
        + $"{(tool is null ? "" : $"It stays with {tool} until then. ")}Write a ServiceKey with origin and adopt.keyId for it (docs/material.md)";

    /// <summary>The Region of an ARN.</summary>
    public static string RegionOf(string arn) => arn.Split(':')[3];

    /// <summary>Whether a text is the ARN of a key.</summary>
    public static bool IsArn(string? text) => text?.Split(':') is ["arn", _, "kms", { Length: > 0 }, { Length: 12 }, var resource] && resource.StartsWith("key/", StringComparison.Ordinal);
}

/// <summary>Automatic rotation.</summary>
/// <param name="Enabled">Whether KMS rotates by itself.</param>
/// <param name="PeriodDays">Days between rotations; null where nothing is said.</param>
internal sealed record ForeignRotation(bool Enabled, int? PeriodDays);

/// <summary>An object of another tool.</summary>
/// <param name="Label">What that tool calls it: a Terraform address, or kind, namespace and name.</param>
/// <param name="LetGo">How that tool lets go of it: what a <c>removed</c> block names, or a command for a shell.</param>
internal sealed record ForeignSource(string Label, string LetGo);

/// <summary>Something that is left to a person.</summary>
/// <param name="Subject">What it is about, in the other tool's words.</param>
/// <param name="Message">What is left, and what to do.</param>
internal sealed record Leftover(string Subject, string Message);

/// <summary>What a source holds.</summary>
internal sealed record ForeignKeys
{
    /// <summary>The keys.</summary>
    public IReadOnlyList<ForeignKey> Keys { get; init; } = [];

    /// <summary>What is there and cannot be imported.</summary>
    public IReadOnlyList<Leftover> Left { get; init; } = [];

    /// <summary>Objects of the other tool that stay with it.</summary>
    public IReadOnlyList<ForeignSource> Kept { get; init; } = [];

    /// <summary>Why the source could not be read. Then nothing is written.</summary>
    public IReadOnlyList<ManifestError> Errors { get; init; } = [];

    /// <summary>A source that could not be read.</summary>
    public static ForeignKeys Failed(string file, int line, string message) => new() { Errors = [new ManifestError(file, line, null, message)] };
}
