namespace KmsOperator.Kubernetes;

/// <summary>Compares resource versions.</summary>
/// <remarks>
/// Kubernetes guarantees since 1.35 that resource versions are decimal numbers that grow, and they were so before with etcd. An aggregated
/// API server may have other ones; these are never older or newer than another.
/// Source: KEP-5504, "Comparable Resource Version".
/// </remarks>
internal static class ResourceVersions
{
    /// <summary>Whether one version is certainly older than another.</summary>
    public static bool IsOlder(string? version, string? than) =>
        IsNumber(version) && IsNumber(than)
        && (version!.Length != than!.Length ? version.Length < than.Length : string.CompareOrdinal(version, than) < 0);

    // As text, since the guarantee has no bound that a number type would fit.
    private static bool IsNumber(string? version) => version is [>= '1' and <= '9', ..] && version.All(char.IsAsciiDigit);
}
