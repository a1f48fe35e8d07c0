using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>Which KeyClass serves the resources that name none.</summary>
public static class DefaultClasses
{
    /// <summary>The classes that are marked as default, the one that is used first: the oldest, and of the same age the first by name.</summary>
    public static IEnumerable<KeyClass> Of(IEnumerable<KeyClass> classes) => classes
        .Where(IsMarked)
        .OrderBy(keyClass => keyClass.Metadata.CreationTimestamp)
        .ThenBy(keyClass => keyClass.Metadata.Name, StringComparer.Ordinal);

    /// <summary>Whether a class is marked as default.</summary>
    public static bool IsMarked(KeyClass keyClass) => keyClass.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.IsDefaultClass) == "true";
}
