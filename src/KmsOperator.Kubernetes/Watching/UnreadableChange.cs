using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>An object became unreadable, changed while it is unreadable, or is unreadable no longer.</summary>
/// <param name="Key">Namespace and name.</param>
/// <param name="Unreadable">What is known of the object; null if it was deleted or can be read again.</param>
public readonly record struct UnreadableChange(NamespacedName Key, UnreadableObject? Unreadable);
