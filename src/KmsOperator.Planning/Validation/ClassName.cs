using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>A key stays with the class under which it was made: another class may be another account or Region.</summary>
internal static class ClassName
{
    private const string Field = "spec.className";
    private const string Message = "spec.className cannot change once the key exists, create another resource instead";

    /// <summary>Holds the name against the class that the operator recorded.</summary>
    public static void CheckAgainstStatus(FieldErrors errors, string? className, KeyStatus? status)
    {
        if (KeyExists(status) && status?.ClassName is { } made && className is not null && className != made)
            errors.Add(Field, $"{Message} or set it back to {made}");
    }

    /// <summary>Naming the class that was the default until now changes nothing, so that is allowed.</summary>
    public static void CheckUpdate(FieldErrors errors, string? before, string? after, KeyStatus? status)
    {
        if (!KeyExists(status) || before == after) return;
        errors.Require(before is null && after == status?.ClassName, Field, Message);
    }

    private static bool KeyExists(KeyStatus? status) => status?.KeyId is not null;
}
