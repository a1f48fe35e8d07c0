using KmsOperator.Policies.Rows;

namespace KmsOperator.Policies;

/// <summary>What the key policy of each AWS service contains beyond the common statements: one row a service.</summary>
/// <remarks>The nineteen rows of the solution are in <see cref="SolutionRows"/> and stay as the solution has them; the others are what AWS's pages ask for.</remarks>
public static class ServiceCatalogue
{
    /// <summary>Rows by service, in the order of the documentation.</summary>
    public static IReadOnlyDictionary<string, ServiceRow> Services { get; } = new OrderedDictionary<string, ServiceRow>(
        SolutionRows.All.Concat(LoggingRows.All).Concat(StorageRows.All).Concat(DatabaseRows.All).Concat(ApplicationRows.All).Concat(GeneralRows.All)
            .Select(row => KeyValuePair.Create(row.Name, row)),
        StringComparer.Ordinal);

    /// <summary>The services that take a field of <c>spec.serviceParameters</c>, in the order of the documentation.</summary>
    public static IReadOnlyList<string> ServicesWith(string parameter) => [.. Services.Values.Where(row => row.Parameters.ContainsKey(parameter)).Select(row => row.Name)];
}
