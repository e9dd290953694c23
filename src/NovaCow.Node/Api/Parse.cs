using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>Reads what a request says; whatever is wrong is a 400 that names the field.</summary>
internal static partial class Parse
{
    private const int MaxWaitSeconds = 3600;

    public static T Id<T>(string field, string? text)
        where T : class, IStringId<T> =>
        T.TryParse(text, out var id, out var problem)
            ? id
            : throw ApiException.Invalid($"{field}: {problem}");

    [return: NotNullIfNotNull(nameof(text))]
    public static T? OptionalId<T>(string field, string? text)
        where T : class, IStringId<T> => text is null ? null : Id<T>(field, text);

    public static T? OptionalEnum<T>(string field, string? text)
        where T : struct, Enum
    {
        if (text is null)
            return null;
        return LowerCaseEnumConverter<T>.TryParse(text, out var value)
            ? value
            : throw ApiException.Invalid($"{field} '{text}': expected one of "
                + string.Join(", ", LowerCaseEnumConverter<T>.AllNames));
    }

    /// <summary>What a launch chooses beside image and flavor; the scheduler judges the driver.
    /// </summary>
    public static LaunchOptions Options(string? driver, string? layout) => new()
    {
        Driver = driver,
        Layout = layout switch
        {
            null or "auto" => DiskLayout.Auto,
            "ec2" => DiskLayout.Ec2,
            _ => throw ApiException.Invalid($"layout '{layout}': expected auto or ec2"),
        },
    };

    /// <summary>A number of things to ask for, from 1.</summary>
    public static int? Count(string field, string? text, int most)
    {
        if (text is null)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count >= 1 && count <= most
            ? count
            : throw ApiException.Invalid($"{field} '{text}': expected 1 to {most}");
    }

    /// <summary>The <c>wait</c> preference of RFC 7240, if the client has one.</summary>
    public static TimeSpan? Wait(HttpRequest request)
    {
        foreach (var preference in request.Headers.GetCommaSeparatedValues("Prefer"))
        {
            if (!preference.StartsWith("wait=", StringComparison.OrdinalIgnoreCase))
                continue;
            if (int.TryParse(preference.AsSpan(5), out var seconds)
                && seconds is >= 0 and <= MaxWaitSeconds)
            {
                return TimeSpan.FromSeconds(seconds);
            }

            throw ApiException.Invalid(
                $"Prefer: {preference}: expected wait=0 to wait={MaxWaitSeconds}, in seconds");
        }

        return null;
    }
}
