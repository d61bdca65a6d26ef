DROP VIEW system_fallbacks;
DROP TABLE ai_prompts;
DROP TABLE ai_keys;
