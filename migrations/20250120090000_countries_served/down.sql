-- A site that names one of these countries loses it. A country added since then stays, with its sites.
UPDATE sites SET country_code = NULL
WHERE country_code IN (
    'AE', 'AU', 'BR', 'CA', 'DE', 'ES', 'FR', 'GB', 'IE',
    'IN', 'IT', 'JP', 'MX', 'NL', 'NZ', 'PK', 'PL', 'SE', 'US', 'ZA'
);

DELETE FROM countries
WHERE code IN (
    'AE', 'AU', 'BR', 'CA', 'DE', 'ES', 'FR', 'GB', 'IE',
    'IN', 'IT', 'JP', 'MX', 'NL', 'NZ', 'PK', 'PL', 'SE', 'US', 'ZA'
);
