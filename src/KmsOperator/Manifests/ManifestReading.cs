namespace KmsOperator.Manifests;

/// <summary>What was read so far.</summary>
internal sealed class ManifestReading
{
    public List<ManifestResource> Resources { get; } = [];

    public List<ManifestError> Errors { get; } = [];

    public Dictionary<string, IReadOnlyDictionary<string, string>> Namespaces { get; } = new(StringComparer.Ordinal);

    public ManifestSet ToSet() => new(Resources, Errors) { Namespaces = Namespaces };
}
