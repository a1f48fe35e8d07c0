namespace KmsOperator.Policies.Rows;

/// <summary>Addresses of AWS's documentation.</summary>
internal static class CataloguePages
{
    /// <summary>A page by its path without the ending.</summary>
    public static string Of(string path) => $"https://docs.aws.amazon.com/{path}.html";
}
