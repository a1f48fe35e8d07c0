namespace KmsOperator.Manifests;

/// <summary>What is wrong with a manifest, and where.</summary>
/// <param name="File">Path as the user gave it or as it was found below a directory.</param>
/// <param name="Line">First line is 1; 0 where the file as a whole is meant.</param>
/// <param name="Field">Path of the field within the resource; null where no field is meant.</param>
/// <param name="Message">For a person: what is wrong, and what to do.</param>
internal sealed record ManifestError(string File, int Line, string? Field, string Message)
{
    /// <summary>Whether nothing can be said of the file as a whole: it is missing, empty, or no YAML.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary><c>file:line: field: message</c>, which editors and terminals make a link of.</summary>
    public override string ToString() =>
        $"{File}{(Line > 0 ? $":{Line}" : "")}: {(Field is null ? "" : $"{Field}: ")}{Message}";
}
